// One dashboard, with the way to the others, which keep its time range.
import { Alert, Box, Breadcrumbs, CircularProgress, Link as Anchor, MenuItem, Select } from '@mui/material';
import { ViewDashboard } from '@perses-dev/dashboards';
import { useEffect } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom';
import { datasourceApi, titleOf, useDashboards } from './data.js';

const KEPT = ['start', 'end', 'refresh'];
const MINUTES = { s: 1 / 60, m: 1, h: 60, d: 1440, w: 10080 };
const MOST_MINUTES = 10080;
// For who has the page read aloud: what is seen is a choice.
const HEARD = { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)', m: 0 };

export function DashboardPage() {
  const { name } = useParams();
  const { data, error, isLoading } = useDashboards();
  const shown = data?.filter((entry) => !entry.problem) ?? [];
  const entry = shown.find((candidate) => candidate.name === name);
  useEffect(() => {
    document.title = entry ? `${titleOf(entry)} · Dashboards` : 'Dashboards';
  }, [entry]);
  if (isLoading) {
    return <CircularProgress aria-label="loading" sx={{ m: 4 }} />;
  }
  if (!entry) {
    const why = error ? `The dashboards cannot be listed: ${error.message}` : `There is no dashboard ${name}.`;
    return (
      <Box component="main" sx={{ p: 4 }}>
        <Alert severity="error">
          {why} <Link to="/">All dashboards</Link>
        </Alert>
      </Box>
    );
  }
  return (
    <Box component="main" sx={{ height: '100vh' }}>
      <ViewDashboard
        key={entry.name}
        dashboardResource={entry.resource}
        datasourceApi={datasourceApi}
        dashboardTitleComponent={<Title entry={entry} others={shown} />}
        isReadonly
        isVariableEnabled
        isDatasourceEnabled={false}
      />
    </Box>
  );
}

function Title({ entry, others }) {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const kept = new URLSearchParams([...search].filter(([key]) => KEPT.includes(key)));
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 3 }}>
      <Box component="h1" sx={HEARD}>
        {titleOf(entry)}
      </Box>
      <Breadcrumbs aria-label="dashboards">
        <Anchor component={Link} to="/" underline="hover">
          Dashboards
        </Anchor>
        <Select
          size="small"
          variant="standard"
          disableUnderline
          value={entry.name}
          inputProps={{ 'aria-label': 'Dashboard' }}
          onChange={(event) => navigate(`/d/${encodeURIComponent(event.target.value)}?${kept}`)}
          sx={{ fontWeight: 'bold', '& .MuiSelect-select': { py: 0 } }}
        >
          {others.map((other) => (
            <MenuItem key={other.name} value={other.name}>
              {titleOf(other)}
            </MenuItem>
          ))}
        </Select>
      </Breadcrumbs>
      <Anchor component={Link} to={`/logs?${logsOf(search, entry.resource.spec.duration)}`} underline="hover">
        Logs
      </Anchor>
    </Box>
  );
}

/** What is asked of the logs from a dashboard: its time range, and its stack, namespace and pod where one is chosen. */
function logsOf(search, duration) {
  const asked = new URLSearchParams();
  for (const name of ['stack', 'namespace', 'pod']) {
    const chosen = search.getAll(`var-${name}`).flatMap((values) => values.split(','));
    if (chosen.length === 1 && chosen[0] !== '$__all') {
      asked.set(name, chosen[0]);
    }
  }
  const [start, end] = [search.get('start') ?? duration, Number(search.get('end'))];
  const relative = /^(\d+)([smhdw])$/.exec(start);
  if (!relative && end) {
    asked.set('until', new Date(end).toISOString());
  }
  const minutes = relative ? relative[1] * MINUTES[relative[2]] : ((end || Date.now()) - Number(start)) / 60000;
  asked.set('minutes', Math.min(Math.max(Math.ceil(minutes) || 60, 1), MOST_MINUTES));
  return asked;
}
