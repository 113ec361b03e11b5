// Where dashboards and their data come from: the server that the page is from.
import { useQuery } from '@tanstack/react-query';

const PROMETHEUS = '/api/prometheus';
const source = {
  kind: 'GlobalDatasource',
  metadata: { name: 'prometheus' },
  spec: {
    default: true,
    // Of the slowest monitors; `$__rate_interval` is four times as long at least.
    plugin: { kind: 'PrometheusDatasource', spec: { directUrl: PROMETHEUS, scrapeInterval: '30s' } },
  },
};

export const datasourceApi = {
  buildProxyUrl: () => PROMETHEUS,
  getDatasource: async () => undefined,
  getGlobalDatasource: async () => source,
  listDatasources: async () => [],
  listGlobalDatasources: async () => [source],
};

async function ask(path) {
  const response = await fetch(path);
  const found = await response.json();
  if (!response.ok) {
    throw new Error(found.error);
  }
  return found;
}

/** Every dashboard of the cluster, by title; one that cannot be shown says why. */
export function useDashboards() {
  return useQuery(['dashboards'], async () => {
    const found = await ask('/api/dashboards');
    return found.sort((a, b) => titleOf(a).localeCompare(titleOf(b)));
  });
}

/** The newest lines that are asked for; an error where the project keeps no logs. */
export function useLogs(asked) {
  return useQuery(['logs', asked.toString()], () => ask(`/api/logs?${asked}`), { keepPreviousData: true });
}

export function titleOf(dashboard) {
  return dashboard.resource?.spec.display?.name ?? dashboard.name;
}
