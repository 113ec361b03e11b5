module devenv.io/dashboards

go 1.26
