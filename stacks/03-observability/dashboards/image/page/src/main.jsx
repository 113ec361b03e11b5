// The page: providers that Perses expects around its dashboards, and the three addresses there are.
import { CssBaseline, GlobalStyles, ThemeProvider, createTheme, useMediaQuery } from '@mui/material';
import { ChartsProvider, SnackbarProvider, generateChartsTheme, getTheme } from '@perses-dev/components';
import { PluginRegistry, ValidationProvider } from '@perses-dev/plugin-system';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useMemo } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, Route, Routes } from 'react-router-dom';
import { QueryParamProvider } from 'use-query-params';
import { ReactRouter6Adapter } from 'use-query-params/adapters/react-router-6';
import { DashboardPage } from './dashboard-page.jsx';
import { ListPage } from './list-page.jsx';
import { LogsPage } from './logs-page.jsx';
import { defaultPlugins, pluginLoader } from './plugins.js';

// Below it panels stand one below the other: four in a row leave charts no room beside their numbers.
const WIDE = 1000;
// On a telephone the time range and its buttons take two rows.
const toolbar = {
  '@media (max-width: 500px)': {
    '[data-testid="dashboard-toolbar"] .MuiStack-root': {
      flexWrap: 'wrap',
      justifyContent: 'flex-start',
      maxWidth: '100%',
      gap: '8px',
      marginLeft: 0,
      '& > *': { marginLeft: '0 !important' },
    },
  },
};

const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 0 } } });

function App() {
  const dark = useMediaQuery('(prefers-color-scheme: dark)', { noSsr: true });
  const theme = useMemo(() => {
    const perses = getTheme(dark ? 'dark' : 'light');
    return createTheme({ ...perses, breakpoints: { values: { ...perses.breakpoints.values, sm: WIDE, md: WIDE } } });
  }, [dark]);
  const chartsTheme = useMemo(() => generateChartsTheme(theme, {}), [theme]);
  return (
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <GlobalStyles styles={toolbar} />
      <ChartsProvider chartsTheme={chartsTheme}>
        <SnackbarProvider anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} variant="default" content="">
          <PluginRegistry pluginLoader={pluginLoader} defaultPluginKinds={defaultPlugins}>
            <ValidationProvider>
              <Routes>
                <Route path="/d/:name" element={<DashboardPage />} />
                <Route path="/logs" element={<LogsPage />} />
                <Route path="*" element={<ListPage />} />
              </Routes>
            </ValidationProvider>
          </PluginRegistry>
        </SnackbarProvider>
      </ChartsProvider>
    </ThemeProvider>
  );
}

// The client of queries stands outermost: the theme's providers ask by it too.
createRoot(document.getElementById('root')).render(
  <QueryClientProvider client={queries}>
    <BrowserRouter>
      <QueryParamProvider adapter={ReactRouter6Adapter}>
        <App />
      </QueryParamProvider>
    </BrowserRouter>
  </QueryClientProvider>
);
