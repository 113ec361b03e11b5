module devenv.invalid/kubernetes

go 1.26.0

require (
	github.com/spf13/cobra v1.10.2
	k8s.io/client-go v0.36.3
	k8s.io/component-base v0.36.3
	k8s.io/kubectl v0.36.3
	k8s.io/kubernetes v1.36.3
)
