// Command etcd is the etcd server. Its module cannot be installed by name, because its own go.mod replaces modules; this
// one names the same code without them.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
