"""LocalStack plugins of the devenv image. They rely on nothing outside LocalStack, awslambdaric and the standard library."""
