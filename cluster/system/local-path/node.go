// One instance of the provisioner on every node, each for the volumes of its own: it makes and removes their folders
// itself. Upstream's one instance starts a pod on the node for it and asks once a second whether that has ended, which
// takes three seconds or more for each volume.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
)

const selectedNode = "volume.kubernetes.io/selected-node"

// thisNode is the node's name, which kind makes its host name too.
func thisNode() string { return os.Getenv("NODE_NAME") }

// ShouldProvision tells whether a claim's volume goes to this node. One without a node is refused by every instance.
func (p *LocalPathProvisioner) ShouldProvision(_ context.Context, claim *v1.PersistentVolumeClaim) bool {
	node := claim.Annotations[selectedNode]
	return node == "" || node == thisNode()
}

// ShouldDelete tells whether a volume is on this node.
func (p *LocalPathProvisioner) ShouldDelete(_ context.Context, volume *v1.PersistentVolume) bool {
	config, err := p.pickConfig(volume.Spec.StorageClassName)
	if err != nil {
		return true // Delete tells what is wrong
	}
	_, node, err := p.getPathAndNodeForPV(volume, config)
	return err != nil || node == thisNode()
}

// createHelperPod does here what upstream has a pod do; whoever runs in a pod may write to its volume, as there.
func (p *LocalPathProvisioner) createHelperPod(
	action ActionType, _ []string, options volumeOptions, _ *StorageClassConfig,
) error {
	path := filepath.Clean(options.Path)
	if options.Name == "" || options.Node != thisNode() || !filepath.IsAbs(path) || filepath.Dir(path) == "/" {
		return fmt.Errorf("failed to %s volume %q: %q on node %q is no folder for it", action, options.Name, path, options.Node)
	}
	if action == ActionTypeDelete {
		return os.RemoveAll(path)
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	return os.Chmod(path, 0o777) // whatever the umask is
}
