module devenv/log-collector

go 1.25
