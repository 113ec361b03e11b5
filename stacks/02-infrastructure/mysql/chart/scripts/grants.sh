#!/bin/sh
# Run once, when the server makes its first database: lets the owner of DATABASE keep copies of it beside it.
set -eu
owner=$(cat "$CREDENTIALS/username")
MYSQL_PWD=$(cat "$CREDENTIALS/root-password") mysql --user=root <<SQL
GRANT ALL ON \`$(printf %s "$MYSQL_DATABASE" | sed 's/_/\\_/g')\\_%\`.* TO '$owner'@'%';
-- Who keeps a statement waiting.
GRANT PROCESS ON *.* TO '$owner'@'%';
-- And to end them, whoever they are: MariaDB's name of the privilege, then MySQL's.
/*M! GRANT CONNECTION ADMIN ON *.* TO '$owner'@'%' */;
/*!80000 GRANT CONNECTION_ADMIN ON *.* TO '$owner'@'%' */;
SQL
