// What panels, queries and variables can be. devenv/spec/dashboard.py names the same kinds.
import * as bar from '@perses-dev/bar-chart-plugin';
import * as gauge from '@perses-dev/gauge-chart-plugin';
import * as markdown from '@perses-dev/markdown-plugin';
import { dynamicImportPluginLoader } from '@perses-dev/plugin-system';
import * as prometheus from '@perses-dev/prometheus-plugin';
import * as stat from '@perses-dev/stat-chart-plugin';
import * as staticList from '@perses-dev/static-list-variable-plugin';
import * as table from '@perses-dev/table-plugin';
import * as timeseries from '@perses-dev/timeseries-chart-plugin';
import * as timeseriesTable from '@perses-dev/timeseries-table-plugin';

const plugins = [bar, gauge, markdown, prometheus, stat, staticList, table, timeseries, timeseriesTable];

export const pluginLoader = dynamicImportPluginLoader(
  plugins.map((plugin) => ({ resource: plugin.getPluginModule(), importPlugin: () => Promise.resolve(plugin) }))
);
export const defaultPlugins = { Panel: 'TimeSeriesChart', TimeSeriesQuery: 'PrometheusTimeSeriesQuery' };
