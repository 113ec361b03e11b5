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
import { useAccessibleParts } from './accessible.js';
import { DashboardPage } from './dashboard-page.jsx';
import { ListPage } from './list-page.jsx';
import { LogsPage } from './logs-page.jsx';
import { defaultPlugins, pluginLoader } from './plugins.js';

// Below it panels stand one below the other: four in a row leave charts no room beside their numbers.
const WIDE = 1000;
// On a telephone the time range and its buttons take two rows. While editing, blue links on blue could not be read.
const toolbar = {
  '[data-testid="dashboard-toolbar"] > .MuiBox-root': { backgroundColor: 'transparent !important' },
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

// The JSON of a dashboard, whose numbers and names are too dark for its grey.
const darkEditor = {
  '.cm-editor, .cm-editor .cm-gutters': { backgroundColor: '#15181e !important' },
  '.cm-lineNumbers .cm-gutterElement': { color: '#abb2bf' },
};

// Of a figure without thresholds; the theme's is too pale on white.
const READABLE_GREEN = '#1b7f4b';
// Titles of panels, which stand below that of the dashboard whether or not they are in a group.
const variantMapping = { subtitle1: 'h2' };
// What opens belongs to the page's content, and is found there by who has it read aloud.
const container = () => document.querySelector('main') ?? document.body;

const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 0 } } });

/** Components of a theme, some of them with further properties. */
function withDefaults(components, added) {
  const changed = Object.entries(added).map(([name, props]) => {
    const component = components[name] ?? {};
    return [name, { ...component, defaultProps: { ...component.defaultProps, ...props } }];
  });
  return { ...components, ...Object.fromEntries(changed) };
}

function App() {
  useAccessibleParts();
  const dark = useMediaQuery('(prefers-color-scheme: dark)', { noSsr: true });
  const theme = useMemo(() => {
    const perses = getTheme(dark ? 'dark' : 'light');
    return createTheme({
      ...perses,
      breakpoints: { values: { ...perses.breakpoints.values, sm: WIDE, md: WIDE } },
      components: withDefaults(perses.components, {
        MuiTypography: { variantMapping },
        MuiModal: { container },
        MuiPopover: { container },
        MuiPopper: { container },
        // What is shown while a panel loads: the one has a label, which nothing without a role can have, the other none.
        MuiSkeleton: { role: 'status' },
        MuiLinearProgress: { 'aria-label': 'loading' },
      }),
    });
  }, [dark]);
  const chartsTheme = useMemo(() => {
    const made = generateChartsTheme(theme, {});
    return dark ? made : { ...made, thresholds: { ...made.thresholds, defaultColor: READABLE_GREEN } };
  }, [theme, dark]);
  return (
    <ThemeProvider theme={theme}>
      <CssBaseline />
      <GlobalStyles styles={toolbar} />
      {dark && <GlobalStyles styles={darkEditor} />}
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
