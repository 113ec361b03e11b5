module devenv/interceptor

go 1.25
