module devenv/prometheus-nats-exporter

go 1.21
