"""NATS JetStream: states are archives of streams, kept in an account of devenv's own."""
