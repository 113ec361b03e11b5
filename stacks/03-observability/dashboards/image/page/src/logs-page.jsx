// What pods wrote, newest line first, where the project has the stack logs. The address holds what is asked for.
import {
  Alert, Box, Breadcrumbs, Button, CircularProgress, Container, Link as Anchor, MenuItem, Table, TableBody, TableCell,
  TableContainer, TableHead, TableRow, TextField, Typography,
} from '@mui/material';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { useLogs } from './data.js';

const LEVELS = ['debug', 'info', 'warning', 'error', 'fatal'];
const SINCE = { 5: '5 minutes', 15: '15 minutes', 60: '1 hour', 360: '6 hours', 1440: '1 day', 10080: '7 days' };
const NAME = { flex: '1 1 130px' };
// Where there is no room for four columns, a line stands below whose it is and when.
const NARROW = {
  '@media (max-width: 700px)': {
    '& thead': { display: 'none' },
    '& tr': { display: 'flex', flexWrap: 'wrap', columnGap: 1, borderBottom: 1, borderColor: 'divider', py: 0.5 },
    '& td': { border: 0, p: 0, minWidth: 0 },
    '& td:last-of-type': { flexBasis: '100%' },
  },
};
// The theme's own are too pale for letters on white.
const COLOURS = {
  light: { warning: '#8a5300', error: '#b3261e', fatal: '#b3261e' },
  dark: { warning: 'warning.main', error: 'error.main', fatal: 'error.main' },
};

export function LogsPage() {
  const [asked, ask] = useSearchParams();
  const { data, error, isFetching, refetch } = useLogs(asked);
  useEffect(() => {
    document.title = 'Logs';
  }, []);
  const submit = (event) => {
    event.preventDefault();
    const next = new URLSearchParams([...new FormData(event.currentTarget)].filter(([, value]) => value));
    if (next.toString() === asked.toString()) {
      refetch();
    } else {
      ask(next);
    }
  };
  return (
    <Container component="main" maxWidth={false} sx={{ py: 3 }}>
      <Breadcrumbs aria-label="dashboards">
        <Anchor component={Link} to="/" underline="hover">
          Dashboards
        </Anchor>
        <Typography component="h1" fontWeight="bold">
          Logs
        </Typography>
      </Breadcrumbs>
      <Question asked={asked} submit={submit} busy={isFetching} />
      {error && <Alert severity="error">{error.message}</Alert>}
      {data && <Lines lines={data} />}
    </Container>
  );
}

function Question({ asked, submit, busy }) {
  const value = (name, otherwise = '') => asked.get(name) ?? otherwise;
  const minutes = value('minutes', '60');
  const ranges = minutes in SINCE ? SINCE : { ...SINCE, [minutes]: `${minutes} minutes` };
  return (
    <Box component="form" key={asked.toString()} onSubmit={submit} sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, my: 2 }}>
      <TextField size="small" name="search" label="Text" defaultValue={value('search')} sx={{ flex: '2 1 200px' }} />
      <TextField size="small" name="stack" label="Stack" defaultValue={value('stack')} sx={NAME} />
      <TextField size="small" name="namespace" label="Namespace" defaultValue={value('namespace')} sx={NAME} />
      <TextField size="small" name="pod" label="Pod begins with" defaultValue={value('pod')} sx={NAME} />
      <TextField size="small" name="level" label="At least" defaultValue={value('level')} select sx={{ minWidth: 120 }}>
        <MenuItem value="">any</MenuItem>
        {LEVELS.map((level) => (
          <MenuItem key={level} value={level}>
            {level}
          </MenuItem>
        ))}
      </TextField>
      <TextField size="small" name="minutes" label="Of the last" defaultValue={minutes} select sx={{ minWidth: 120 }}>
        {Object.entries(ranges).map(([minutes, name]) => (
          <MenuItem key={minutes} value={minutes}>
            {name}
          </MenuItem>
        ))}
      </TextField>
      <TextField size="small" name="until" label="Until (UTC; now if empty)" defaultValue={value('until')} sx={{ flex: '1 1 200px' }} />
      <Button type="submit" variant="outlined" color="inherit">
        Show
      </Button>
      {busy && <CircularProgress size={24} aria-label="loading" sx={{ alignSelf: 'center' }} />}
    </Box>
  );
}

function Lines({ lines }) {
  if (lines.length === 0) {
    return <Typography>No line was found.</Typography>;
  }
  return (
    <TableContainer tabIndex={0} aria-label="lines">
      <Table size="small" sx={NARROW}>
        <TableHead>
          <TableRow>
            <TableCell>Time (UTC)</TableCell>
            <TableCell>Container</TableCell>
            <TableCell>Level</TableCell>
            <TableCell>Line</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {lines.map((line, index) => (
            <TableRow key={index} sx={{ verticalAlign: 'top' }}>
              <TableCell sx={{ whiteSpace: 'nowrap' }}>
                {line.second.replace('T', ' ')}.{String(line.milliseconds).padStart(3, '0')}
              </TableCell>
              <TableCell sx={{ overflowWrap: 'anywhere', minWidth: 180 }}>
                {line.namespace}/{line.pod}/{line.container}
              </TableCell>
              <TableCell sx={{ color: ({ palette }) => COLOURS[palette.mode][line.level] }}>{line.level}</TableCell>
              <TableCell sx={{ minWidth: 300, fontFamily: 'monospace', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
                {line.message}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}
