package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	account      = "/var/run/secrets/kubernetes.io/serviceaccount"
	apiServer    = "https://kubernetes.default.svc"
	label        = "devenv.io/dashboard=true"
	largestList  = 64 << 20
	longestWait  = 15 * time.Second
	dashboardEnd = ".json"
)

// cluster lists ConfigMaps by the pod's own account.
type cluster struct {
	client    *http.Client
	address   string // of the API server
	account   string // the folder with its token
	namespace string
}

// dashboard is one entry of a ConfigMap: its content, or why it cannot be shown.
type dashboard struct {
	Name      string          `json:"name"`
	Namespace string          `json:"namespace"`
	ConfigMap string          `json:"configMap"`
	Key       string          `json:"key"`
	Own       bool            `json:"own"` // devenv's
	Resource  json.RawMessage `json:"resource,omitempty"`
	Problem   string          `json:"problem,omitempty"`
}

type configMaps struct {
	Items []struct {
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
		Data map[string]string `json:"data"`
	} `json:"items"`
}

func inCluster() (*cluster, error) {
	authority, err := os.ReadFile(path.Join(account, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("the cluster's authority: %w", err)
	}
	namespace, err := os.ReadFile(path.Join(account, "namespace"))
	if err != nil {
		return nil, fmt.Errorf("the pod's namespace: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the cluster's authority holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, IdleConnTimeout: time.Minute}
	client := &http.Client{Transport: transport, Timeout: longestWait}
	return &cluster{client, apiServer, account, strings.TrimSpace(string(namespace))}, nil
}

// dashboards are those of all namespaces, devenv's own first, so that no other takes one's name.
func (c *cluster) dashboards(ctx context.Context) ([]dashboard, error) {
	list, err := c.list(ctx, label)
	if err != nil {
		return nil, err
	}
	found := []dashboard{}
	for _, item := range list.Items {
		for key, text := range item.Data {
			if strings.HasSuffix(key, dashboardEnd) {
				entry := dashboard{Namespace: item.Metadata.Namespace, ConfigMap: item.Metadata.Name, Key: key}
				entry.Own = entry.Namespace == c.namespace
				entry.read(text)
				found = append(found, entry)
			}
		}
	}
	slices.SortFunc(found, func(a, b dashboard) int {
		if a.Own != b.Own && a.Own {
			return -1
		} else if a.Own != b.Own {
			return 1
		}
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.ConfigMap, b.ConfigMap), cmp.Compare(a.Key, b.Key))
	})
	refuseTaken(found)
	return found, nil
}

func (d *dashboard) read(text string) {
	var head struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec *struct {
			Panels  map[string]json.RawMessage `json:"panels"`
			Layouts []json.RawMessage          `json:"layouts"`
		} `json:"spec"`
	}
	d.Name = strings.TrimSuffix(d.Key, dashboardEnd)
	switch err := json.Unmarshal([]byte(text), &head); {
	case err != nil:
		d.Problem = "no valid JSON of a dashboard: " + err.Error()
	case head.Kind != "Dashboard" || head.Spec == nil:
		d.Problem = "it is not a dashboard of Perses: kind Dashboard, with a spec, is expected"
	case head.Metadata.Name == "":
		d.Problem = "metadata.name is missing"
	default:
		d.Name, d.Resource = head.Metadata.Name, json.RawMessage(text)
	}
}

func refuseTaken(found []dashboard) {
	first := map[string]*dashboard{}
	for i := range found {
		entry := &found[i]
		if entry.Problem != "" {
			continue
		}
		if other, taken := first[entry.Name]; taken {
			entry.Problem = fmt.Sprintf("the name %s is that of %s in ConfigMap %s/%s", entry.Name, other.Key, other.Namespace, other.ConfigMap)
			entry.Resource = nil
			continue
		}
		first[entry.Name] = entry
	}
}

func (c *cluster) list(ctx context.Context, label string) (*configMaps, error) {
	// Read anew each time: the kubelet replaces it before it ends.
	token, err := os.ReadFile(path.Join(c.account, "token"))
	if err != nil {
		return nil, fmt.Errorf("the pod's token: %w", err)
	}
	address := c.address + "/api/v1/configmaps?labelSelector=" + url.QueryEscape(label)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, largestList))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the API server answers %s: %.300s", response.Status, body)
	}
	var list configMaps
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("the API server's list: %w", err)
	}
	return &list, nil
}
