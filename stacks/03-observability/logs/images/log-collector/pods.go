package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

const (
	account = "/var/run/secrets/kubernetes.io/serviceaccount/"
	// Without their labels, lines are held back for so long.
	labelsWithin = 10 * time.Second
	askedEvery   = time.Second
	// A pod that two lists do not have is gone.
	missedLists = 2
)

// pods knows the stack of each pod of the node, by namespace and name.
type pods struct {
	node, server string
	client       *http.Client

	mutex  sync.Mutex
	stacks map[string]string
	missed map[string]int
	wanted chan struct{}
}

// podsOfNode asks the API server of the cluster; outside of one, no pod has labels.
func podsOfNode(node string) (*pods, error) {
	p := &pods{node: node, stacks: map[string]string{}, missed: map[string]int{}, wanted: make(chan struct{}, 1)}
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return p, nil
	}
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return nil, errors.New("the service account's ca.crt holds no certificate")
	}
	p.server = "https://" + net.JoinHostPort(host, port)
	p.client = &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}},
	}
	return p, nil
}

// stack is that of a pod; false while it is being asked for.
func (p *pods) stack(of source, since time.Time) (string, bool) {
	if p.server == "" {
		return "", true
	}
	name := of.namespace + "/" + of.pod
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if stack, known := p.stacks[name]; known {
		return stack, true
	}
	if p.missed[name] >= missedLists {
		return "", true
	}
	p.missed[name] += 0 // the next lists count
	select {
	case p.wanted <- struct{}{}:
	default:
	}
	return "", time.Since(since) >= labelsWithin
}

// forget lets go of a pod that is over.
func (p *pods) forget(of source) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.stacks, of.namespace+"/"+of.pod)
	delete(p.missed, of.namespace+"/"+of.pod)
}

// ask lists the node's pods whenever one is not known, until the context ends.
func (p *pods) ask(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wanted:
		}
		if err := p.list(ctx); err != nil && ctx.Err() == nil {
			if !failing {
				log.Printf("the API server does not tell the pods' labels: %v", err)
			}
			failing = true
		} else {
			failing = false
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(askedEvery):
		}
	}
}

func (p *pods) list(ctx context.Context) error {
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	// Zero: as the API server has it in memory.
	query := url.Values{"fieldSelector": {"spec.nodeName=" + p.node}, "resourceVersion": {"0"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server+"/api/v1/pods?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", answer.Status)
	}
	var found struct {
		Items []struct {
			Metadata struct {
				Namespace, Name string
				Labels          map[string]string
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, item := range found.Items {
		name := item.Metadata.Namespace + "/" + item.Metadata.Name
		p.stacks[name] = stackOf(item.Metadata.Labels)
		delete(p.missed, name)
	}
	for name := range p.missed {
		p.missed[name]++
	}
	return nil
}

// stackOf is what devenv's own charts say, or the release that a pod is of.
func stackOf(labels map[string]string) string {
	if stack := labels["devenv.io/stack"]; stack != "" {
		return stack
	}
	return labels["app.kubernetes.io/instance"]
}
