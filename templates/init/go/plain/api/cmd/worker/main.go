// Command worker asks the API now and then.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	client := http.Client{Timeout: 5 * time.Second}
	for {
		answer, err := client.Get(os.Getenv("API_URL") + "/hello?name=worker")
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		log.Print(strings.TrimSpace(string(body)))
		time.Sleep(5 * time.Second)
	}
}
