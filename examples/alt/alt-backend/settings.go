package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// settings is what the environment says. Secrets are files, so that they appear in no process list and no crash report.
type settings struct {
	address        string
	databaseHost   string
	databaseName   string
	databaseUser   string
	databaseSecret string
	greeting       string
	bucket         string
	queue          string
}

func settingsFromEnvironment() (settings, error) {
	var missing []string
	variable := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	folder := variable("SECRETS_DIR")
	s := settings{
		address:      ":8080",
		databaseHost: variable("DATABASE_HOST"),
		databaseName: variable("DATABASE_NAME"),
		bucket:       variable("BUCKET"),
		queue:        variable("QUEUE"),
	}
	if len(missing) > 0 {
		return settings{}, fmt.Errorf("environment variables are not set: %s", strings.Join(missing, ", "))
	}
	for name, target := range map[string]*string{
		"database-username": &s.databaseUser,
		"database-password": &s.databaseSecret,
		"greeting":          &s.greeting,
	} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return settings{}, fmt.Errorf("read secret: %w", err)
		}
		*target = strings.TrimSpace(string(content))
	}
	return s, nil
}
