package podnet

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
)

// configName sorts before what other plugins install, so that the runtime takes it first.
const configName = "10-podnet.conflist"

type object = map[string]any

// writeConfig puts the CNI configuration for pods in subnets in place at once: the runtime watches the folder and must
// never read half a file.
func writeConfig(folder string, subnets []netip.Prefix, addresses []netip.Addr) error {
	content, err := json.MarshalIndent(configuration(subnets, linkMTU(addresses)), "", "  ")
	if err != nil {
		return err
	}
	target := filepath.Join(folder, configName)
	if present, err := os.ReadFile(target); err == nil && string(present) == string(content) {
		return nil
	}
	draft := filepath.Join(folder, "."+configName)
	if err := os.WriteFile(draft, content, 0o644); err != nil {
		return err
	}
	return os.Rename(draft, target)
}

func configuration(subnets []netip.Prefix, mtu int) object {
	var ranges [][]object
	var routes []object
	for _, subnet := range subnets {
		everywhere := "0.0.0.0/0"
		if subnet.Addr().Is6() {
			everywhere = "::/0"
		}
		ranges = append(ranges, []object{{"subnet": subnet.String()}})
		routes = append(routes, object{"dst": everywhere})
	}
	return object{
		"cniVersion": "0.3.1",
		"name":       "podnet",
		"plugins": []object{
			{
				"type":   "ptp",
				"ipMasq": false,
				"mtu":    mtu,
				// Leases live as long as the machine is up: what a reboot ends must not keep its address.
				"ipam": object{"type": "host-local", "dataDir": "/run/cni-ipam-state", "ranges": ranges, "routes": routes},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}
}

// linkMTU is the MTU of the link that holds one of addresses, or 0, which lets the kernel choose.
func linkMTU(addresses []netip.Addr) int {
	links, err := net.Interfaces()
	if err != nil {
		return 0
	}
	for _, link := range links {
		held, err := link.Addrs()
		if err != nil {
			continue
		}
		for _, entry := range held {
			prefix, err := netip.ParsePrefix(entry.String())
			if err != nil {
				continue
			}
			for _, address := range addresses {
				if prefix.Addr() == address {
					return link.MTU
				}
			}
		}
	}
	return 0
}
