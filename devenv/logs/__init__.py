"""What pods wrote: the same question to ClickHouse and to the kubelets, the same answer from both."""
