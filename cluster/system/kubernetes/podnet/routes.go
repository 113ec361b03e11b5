package podnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// replaceRoutes sends traffic for subnets to the address of the same IP family.
func replaceRoutes(subnets []netip.Prefix, addresses []netip.Addr) error {
	for _, subnet := range subnets {
		for _, address := range addresses {
			if address.Is4() != subnet.Addr().Is4() {
				continue
			}
			route := &netlink.Route{Dst: ipNet(subnet), Gw: address.AsSlice()}
			if err := netlink.RouteReplace(route); err != nil {
				return fmt.Errorf("route to %s via %s: %w", subnet, address, err)
			}
			break
		}
	}
	return nil
}

func deleteRoutes(subnets []netip.Prefix) error {
	for _, subnet := range subnets {
		err := netlink.RouteDel(&netlink.Route{Dst: ipNet(subnet)})
		if err != nil && !errors.Is(err, unix.ESRCH) { // ESRCH: there is no such route
			return fmt.Errorf("route to %s: %w", subnet, err)
		}
	}
	return nil
}

func ipNet(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{
		IP:   prefix.Addr().AsSlice(),
		Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
	}
}

// masquerade makes traffic from pods to the world outside the pod network carry the node's address.
func masquerade(ctx context.Context, subnet netip.Prefix) error {
	program := "iptables"
	if subnet.Addr().Is6() {
		program = "ip6tables"
	}
	rule := []string{"POSTROUTING", "-s", subnet.String(), "!", "-d", subnet.String(), "-j", "MASQUERADE"}
	run := func(action string) ([]byte, error) {
		arguments := append([]string{"--wait", "--table", "nat", action}, rule...)
		return exec.CommandContext(ctx, program, arguments...).CombinedOutput()
	}
	if _, err := run("--check"); err == nil {
		return nil
	}
	if output, err := run("--append"); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, output)
	}
	return nil
}
