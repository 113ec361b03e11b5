// prometheus-nats-exporter: what a NATS server tells on its monitoring port, in Prometheus' text format.
//
// The program reads the server when it is itself read. A server that does not answer makes it answer 503, so that the target
// counts as down. Names and labels are those of github.com/nats-io/prometheus-nats-exporter.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const version = "0.17.3"

func main() {
	var options options
	var address string
	var port int
	for _, name := range []string{"a", "addr"} {
		flag.StringVar(&address, name, "0.0.0.0", "Network host to listen on.")
	}
	for _, name := range []string{"p", "port"} {
		flag.IntVar(&port, name, 7777, "Port to listen on.")
	}
	path := flag.String("path", "/metrics", "URL path from which to serve scrapes.")
	flag.BoolVar(&options.varz, "varz", false, "Get general metrics.")
	flag.StringVar(&options.jsz, "jsz", "", "Select JetStream metrics: accounts, streams, consumers or all.")
	flag.BoolVar(&options.serverName, "use_internal_server_name", false, "Use the name in /varz as the server's ID.")
	shown := flag.Bool("version", false, "Show the version and exit.")
	flag.Parse()
	if *shown {
		fmt.Println("prometheus-nats-exporter version", version)
		return
	}
	if flag.NArg() != 1 {
		log.Fatal("one URL of a NATS server's monitoring port is expected, such as http://127.0.0.1:8222")
	}
	if options.jsz == "" {
		options.varz = true
	}
	server := server{strings.TrimSuffix(flag.Arg(0), "/"), &http.Client{Timeout: 5 * time.Second}}
	if _, err := url.ParseRequestURI(server.url); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc(*path, func(response http.ResponseWriter, _ *http.Request) {
		text, err := collect(server, options)
		if err != nil {
			http.Error(response, err.Error(), http.StatusServiceUnavailable)
			return
		}
		response.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprint(response, text)
	})
	log.Fatal(http.ListenAndServe(fmt.Sprintf("%s:%d", address, port), nil))
}

type options struct {
	varz       bool
	jsz        string
	serverName bool
}

// server is the monitoring port of a NATS server.
type server struct {
	url    string
	client *http.Client
}

// get reads one of the server's pages.
func (s server) get(path string, into any) error {
	response, err := s.client.Get(s.url + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// collect reads the server and writes what it told.
func collect(server server, options options) (string, error) {
	var varz map[string]any
	if err := server.get("/varz", &varz); err != nil {
		return "", err
	}
	id := server.url
	if name, ok := varz["server_name"].(string); ok && options.serverName {
		id = name
	}
	written := &exposition{}
	if options.varz {
		writeVarz(written, varz, id)
	}
	if options.jsz != "" {
		name, _ := varz["server_name"].(string)
		if err := writeJsz(written, server, options.jsz, id, name); err != nil {
			return "", err
		}
	}
	return written.String(), nil
}
