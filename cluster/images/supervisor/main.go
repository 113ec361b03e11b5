// A container's first program, which starts the container's own and, on SIGHUP, starts it anew: the container stays.
//
//	supervise --copy FOLDER      copies this program there, for a container whose image lacks it
//	supervise PROGRAM [ARG ...]  runs it
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	cannotRun = 126
	notFound  = 127
)

func main() {
	if len(os.Args) < 2 {
		fail(2, errors.New("a program is expected"))
	}
	if os.Args[1] == "--copy" && len(os.Args) == 3 {
		if err := copyTo(os.Args[2]); err != nil {
			fail(1, err)
		}
		return
	}
	program, err := exec.LookPath(os.Args[1])
	if err != nil {
		fail(notFound, err)
	}
	status, err := supervise(program, os.Args[1:])
	if err != nil {
		fail(cannotRun, err)
	}
	os.Exit(status)
}

func copyTo(folder string) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "supervise"), content, fs.FileMode(0o755))
}

func fail(status int, err error) {
	fmt.Fprintf(os.Stderr, "supervise: %v\n", err)
	os.Exit(status)
}
