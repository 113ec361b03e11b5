package main

import (
	"context"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// item is one row of the table that the migrations make.
type item struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// items reads and writes the table items.
type items struct {
	pool *pgxpool.Pool
}

func openItems(ctx context.Context, s settings) (*items, error) {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(s.databaseUser, s.databaseSecret),
		Host:     s.databaseHost,
		Path:     s.databaseName,
		RawQuery: "sslmode=disable",
	}
	pool, err := pgxpool.New(ctx, address.String())
	if err != nil {
		return nil, err
	}
	return &items{pool: pool}, nil
}

func (i *items) close() { i.pool.Close() }

// check fails when the table cannot be read: no server, a wrong password or no migrations.
func (i *items) check(ctx context.Context) error {
	_, err := i.count(ctx)
	return err
}

func (i *items) count(ctx context.Context) (int64, error) {
	var count int64
	err := i.pool.QueryRow(ctx, "SELECT count(*) FROM items").Scan(&count)
	return count, err
}

func (i *items) list(ctx context.Context) ([]item, error) {
	rows, err := i.pool.Query(ctx, "SELECT id, name, created_at FROM items ORDER BY id")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[item])
}

func (i *items) add(ctx context.Context, name string) (item, error) {
	rows, err := i.pool.Query(ctx, "INSERT INTO items (name) VALUES ($1) RETURNING id, name, created_at", name)
	if err != nil {
		return item{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[item])
}
