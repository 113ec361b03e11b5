"""Dashboards of Perses as dashboards of Grafana, so that both are written once."""
