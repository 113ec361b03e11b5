"""The programs that devenv runs: found, downloaded, verified, built."""
