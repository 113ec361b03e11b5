// Command worker counts the words of new notes. Several of them may run at once.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const take = "SELECT id, text FROM notes WHERE words IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"

func main() {
	ctx := context.Background()
	database, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	for {
		err := pgx.BeginFunc(ctx, database, func(tx pgx.Tx) error { return work(ctx, tx) })
		if errors.Is(err, pgx.ErrNoRows) {
			time.Sleep(500 * time.Millisecond)
		} else if err != nil {
			log.Fatal(err)
		}
	}
}

// work counts one note; pgx.ErrNoRows where there is none.
func work(ctx context.Context, tx pgx.Tx) error {
	var id int64
	var text string
	if err := tx.QueryRow(ctx, take).Scan(&id, &text); err != nil {
		return err
	}
	words := len(strings.Fields(text))
	log.Printf("note %d has %d words", id, words)
	_, err := tx.Exec(ctx, "UPDATE notes SET words = $1 WHERE id = $2", words, id)
	return err
}
