"""What SQL says of the server and the database it runs in, as far as it can be told without a server."""
