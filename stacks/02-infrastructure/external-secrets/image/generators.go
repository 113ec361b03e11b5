// Package register names the secret generators that are compiled in.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/generator/ecr"
	_ "github.com/external-secrets/external-secrets/pkg/generator/fake"
	_ "github.com/external-secrets/external-secrets/pkg/generator/password"
	_ "github.com/external-secrets/external-secrets/pkg/generator/sshkey"
	_ "github.com/external-secrets/external-secrets/pkg/generator/sts"
	_ "github.com/external-secrets/external-secrets/pkg/generator/uuid"
	_ "github.com/external-secrets/external-secrets/pkg/generator/webhook"
)
