// The dashboards there are: devenv's own, and those of users' ConfigMaps.
import {
  Alert, Box, Card, CardActionArea, CardContent, CircularProgress, Container, Link as Anchor, Typography,
} from '@mui/material';
import { useEffect } from 'react';
import { Link } from 'react-router-dom';
import { titleOf, useDashboards } from './data.js';

export function ListPage() {
  const { data, error, isLoading } = useDashboards();
  useEffect(() => {
    document.title = 'Dashboards';
  }, []);
  return (
    <Container component="main" maxWidth="lg" sx={{ py: 4 }}>
      <Typography variant="h1" gutterBottom>
        Dashboards
      </Typography>
      <Anchor component={Link} to="/logs">
        Logs
      </Anchor>
      {isLoading && <CircularProgress aria-label="loading" />}
      {error && <Alert severity="error">The dashboards cannot be listed: {error.message}</Alert>}
      {data && (
        <>
          <Group dashboards={data.filter((entry) => entry.own)} />
          <Group title="Of your own" dashboards={data.filter((entry) => !entry.own)} />
        </>
      )}
      <Typography component="footer" variant="body2" color="text.secondary" sx={{ mt: 4 }}>
        Made of <Anchor href="https://perses.dev">Perses</Anchor> (Apache-2.0) and others:{' '}
        <Anchor href="/licences.txt">licences</Anchor>
      </Typography>
    </Container>
  );
}

function Group({ title, dashboards }) {
  if (dashboards.length === 0) {
    return null;
  }
  return (
    <Box component="section" sx={{ mt: 3 }}>
      {title && (
        <Typography variant="h2" gutterBottom>
          {title}
        </Typography>
      )}
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(min(280px, 100%), 1fr))' }}>
        {dashboards.map((entry) => (
          <Entry key={`${entry.namespace}/${entry.configMap}/${entry.key}`} entry={entry} heading={title ? 'h3' : 'h2'} />
        ))}
      </Box>
    </Box>
  );
}

function Entry({ entry, heading }) {
  const content = (
    <CardContent>
      <Typography variant="h3" component={heading}>
        {titleOf(entry)}
      </Typography>
      <Typography color="text.secondary">{entry.resource?.spec.display?.description}</Typography>
      {!entry.own && (
        <Typography variant="body2" color="text.secondary">
          {entry.namespace}/{entry.configMap}: {entry.key}
        </Typography>
      )}
      {entry.problem && (
        <Alert severity="error" sx={{ mt: 1 }}>
          {entry.problem}
        </Alert>
      )}
    </CardContent>
  );
  if (entry.problem) {
    return <Card variant="outlined">{content}</Card>;
  }
  return (
    <Card variant="outlined">
      <CardActionArea component={Link} to={`/d/${encodeURIComponent(entry.name)}`} sx={{ height: '100%' }}>
        {content}
      </CardActionArea>
    </Card>
  );
}
