package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	lookAgain = 15 * time.Second
	beginning = "."
)

// follow keeps a folder's files as ConfigMaps with a label have them, for a program that reads dashboards from files:
// the arguments `follow <label>=<value> <folder>`. What is in the folder already stays while nobody answers.
func follow(c *cluster, label, folder string) {
	last := ""
	for {
		told := "as wanted"
		if err := c.copyTo(context.Background(), label, folder); err != nil {
			told = err.Error()
		}
		if told != last {
			log.Printf("dashboards with %s in %s: %s", label, folder, told)
		}
		last = told
		time.Sleep(lookAgain)
	}
}

// copyTo makes the folder's files those of the ConfigMaps; one that is no JSON is left out, and told of.
func (c *cluster) copyTo(ctx context.Context, label, folder string) error {
	list, err := c.list(ctx, label)
	if err != nil {
		return err
	}
	wanted, refused := map[string]string{}, []string{}
	for _, item := range list.Items {
		for key, text := range item.Data {
			// No name of Kubernetes has an underscore before its key.
			name := strings.Join([]string{item.Metadata.Namespace, item.Metadata.Name, key}, "_")
			switch {
			case !strings.HasSuffix(key, dashboardEnd):
			case !json.Valid([]byte(text)):
				refused = append(refused, name)
			default:
				wanted[name] = text
			}
		}
	}
	present, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range present {
		if _, stays := wanted[entry.Name()]; !stays {
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	for name, text := range wanted {
		if err := replaceFile(folder, name, text); err != nil {
			return err
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("no valid JSON: %s", strings.Join(refused, ", "))
	}
	return nil
}

// replaceFile writes a file at once, so that nobody reads half of it, and only where it changes.
func replaceFile(folder, name, text string) error {
	path := filepath.Join(folder, name)
	if content, err := os.ReadFile(path); err == nil && string(content) == text {
		return nil
	}
	part := filepath.Join(folder, beginning+name)
	if err := os.WriteFile(part, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}
