"""What pods wrote: the same question to ClickHouse, VictoriaLogs or the kubelets, the same answer from each."""
