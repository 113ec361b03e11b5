package tests

import (
	"database/sql"
	"fmt"
	"testing"
)

func TestItems(t *testing.T) {
	for number := range 12 {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			database := own(t)
			name := fmt.Sprintf("item %d", number)
			if _, err := database.ExecContext(t.Context(), "INSERT INTO items (name) VALUES ($1)", name); err != nil {
				t.Fatal(err)
			}
			if found := names(t, database); len(found) != 2 || found[0] != "the first item" || found[1] != name {
				t.Errorf("found %q", found)
			}
		})
	}
}

func TestNoNameIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := own(t).ExecContext(t.Context(), "INSERT INTO items (name) VALUES ('')"); err == nil {
		t.Error("it was taken")
	}
}

func names(t *testing.T, database *sql.DB) (found []string) {
	t.Helper()
	rows, err := database.QueryContext(t.Context(), "SELECT name FROM items ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		found = append(found, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
