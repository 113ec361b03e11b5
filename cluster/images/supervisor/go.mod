module devenv/supervisor

go 1.25
