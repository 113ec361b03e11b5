// Package podnet is the pod network of one node: a CNI configuration made from the node's pod ranges, a route to every
// other node's pods, and masquerading for what leaves the cluster. All nodes must share one link, as kind's do. It must
// not enforce network policies.
package podnet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// Settings says which node this is and where the network's files go.
type Settings struct {
	NodeName   string // name of the Node object of this machine
	PodSubnets string // the cluster's pod ranges, one per IP family, separated by commas
	ConfigDir  string // the folder in which the container runtime looks for CNI configurations
	APIServer  string // host and port of the API server; the cluster's service address when empty
}

// FromEnvironment reads the settings that the DaemonSet passes.
func FromEnvironment() Settings {
	return Settings{
		NodeName:   os.Getenv("NODE_NAME"),
		PodSubnets: os.Getenv("POD_SUBNET"),
		ConfigDir:  "/etc/cni/net.d",
		APIServer:  os.Getenv("CONTROL_PLANE_ENDPOINT"),
	}
}

// Run keeps the node's network in step with the cluster's nodes until ctx ends. It returns the first error: the
// kubelet then restarts the pod with its own back-off, which is the only retry.
func Run(ctx context.Context, settings Settings) error {
	if settings.NodeName == "" {
		return errors.New("NODE_NAME is not set")
	}
	subnets, err := parsePrefixes(strings.Split(settings.PodSubnets, ","))
	if err != nil {
		return fmt.Errorf("POD_SUBNET: %w", err)
	}
	for _, subnet := range subnets {
		if err := masquerade(ctx, subnet); err != nil {
			return err
		}
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	if settings.APIServer != "" { // the service address works only when kube-proxy does, and that may take longer
		config.Host = "https://" + settings.APIServer
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	return follow(ctx, client, settings)
}

// follow applies every change of a node as it is reported.
func follow(ctx context.Context, client kubernetes.Interface, settings Settings) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	apply := func(object any, change func(*corev1.Node, Settings) error) {
		node, ok := object.(*corev1.Node)
		if !ok {
			return
		}
		if err := change(node, settings); err != nil {
			fail(fmt.Errorf("node %s: %w", node.Name, err))
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Core().V1().Nodes().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { apply(object, joined) },
		UpdateFunc: func(_, object any) { apply(object, joined) },
		DeleteFunc: func(object any) {
			if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = gone.Obj
			}
			apply(object, left)
		},
	}); err != nil {
		return err
	}
	factory.StartWithContext(ctx)
	<-ctx.Done()
	factory.Shutdown()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// joined makes node's pods reachable: through the container runtime on this node, by a route on another.
func joined(node *corev1.Node, settings Settings) error {
	subnets, err := parsePrefixes(node.Spec.PodCIDRs)
	if err != nil || len(subnets) == 0 { // a node has no range until the controller manager gives it one
		return err
	}
	addresses := internalAddresses(node)
	if node.Name == settings.NodeName {
		return writeConfig(settings.ConfigDir, subnets, addresses)
	}
	return replaceRoutes(subnets, addresses)
}

// left removes the routes to a node that was deleted.
func left(node *corev1.Node, settings Settings) error {
	subnets, err := parsePrefixes(node.Spec.PodCIDRs)
	if err != nil || node.Name == settings.NodeName {
		return err
	}
	return deleteRoutes(subnets)
}

func parsePrefixes(texts []string) ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

func internalAddresses(node *corev1.Node) []netip.Addr {
	var addresses []netip.Addr
	for _, entry := range node.Status.Addresses {
		if address, err := netip.ParseAddr(entry.Address); err == nil && entry.Type == corev1.NodeInternalIP {
			addresses = append(addresses, address)
		}
	}
	return addresses
}
