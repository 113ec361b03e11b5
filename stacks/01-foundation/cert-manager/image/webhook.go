package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/cert-manager/cert-manager/internal/apis/config/webhook/validation"
	"github.com/cert-manager/cert-manager/internal/webhook"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/configfile"
	"github.com/cert-manager/cert-manager/pkg/webhook/options"

	// Whose feature gates it registers.
	_ "github.com/cert-manager/cert-manager/internal/webhook/feature"
)

func runWebhook(ctx context.Context, args []string) error {
	config, err := options.NewWebhookConfiguration()
	if err != nil {
		return err
	}
	flags := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	options.AddConfigFlags(flags, config)
	err = configure(flags, args, func(path string) error {
		file := configfile.New()
		if err := load(path, file); err != nil {
			return err
		}
		file.Config.DeepCopyInto(config)
		return nil
	})
	if err != nil {
		return err
	}
	problems := validation.ValidateWebhookConfiguration(config, nil)
	if err := apply(problems, config.FeatureGates, &config.Logging); err != nil {
		return err
	}
	server, err := webhook.NewCertManagerWebhookServer(logf.FromContext(ctx), *config)
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
