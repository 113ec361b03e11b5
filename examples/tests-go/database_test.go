package tests

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"strconv"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// free has the databases that no test has at the moment: one of each set of `devenv test --workers N`.
var free chan *sql.DB

func TestMain(m *testing.M) {
	workers, err := strconv.Atoi(os.Getenv("DEVENV_WORKERS"))
	if err != nil {
		log.Fatal("run it as: devenv test --workers 4 -- go test -parallel 4 ./...")
	}
	free = make(chan *sql.DB, workers)
	for number := 1; number <= workers; number++ {
		database, err := sql.Open("pgx", os.Getenv(fmt.Sprintf("POSTGRES_URL_%d", number)))
		if err != nil {
			log.Fatal(err)
		}
		free <- database
	}
	status := m.Run()
	for range workers {
		(<-free).Close()
	}
	os.Exit(status)
}

// own gives a test a database that no other test sees meanwhile; whoever gets it next finds the seeds alone.
func own(t *testing.T) *sql.DB {
	t.Helper()
	database := <-free
	t.Cleanup(func() {
		// It runs when the test's own context has ended.
		if _, err := database.ExecContext(context.Background(), "DELETE FROM items WHERE id > 1"); err != nil {
			t.Error(err)
		}
		free <- database
	})
	return database
}
