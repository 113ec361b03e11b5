package main

import (
	"errors"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation/field"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"

	"github.com/cert-manager/cert-manager/internal/apis/config/shared"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util/configfile"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
)

// configure fills a program's configuration: its defaults, what its file says, then what its arguments say.
func configure(flags *pflag.FlagSet, args []string, fromFile func(path string) error) error {
	file := flags.String("config", "", "a file with the program's configuration")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *file == "" {
		return nil
	}
	if err := fromFile(*file); err != nil {
		return err
	}
	return flags.Parse(args)
}

// load reads a configuration file into what upstream's packages take for one.
func load(path string, into configfile.ConfigFile) error {
	loader, err := configfile.NewConfigurationFSLoader(nil, path)
	if err != nil {
		return err
	}
	return loader.Load(into)
}

// apply sets what holds for the whole process, once a configuration is found to be valid.
func apply(problems field.ErrorList, gates map[string]bool, logging *logsapi.LoggingConfiguration) error {
	return errors.Join(
		problems.ToAggregate(),
		utilfeature.DefaultMutableFeatureGate.SetFromMap(gates),
		logf.ValidateAndApply(logging),
	)
}

func addGates(flags *pflag.FlagSet, gates *map[string]bool) {
	flags.Var(cliflag.NewMapStringBool(gates), "feature-gates", "features that are switched on or off: NAME=true,…")
}

func addElection(flags *pflag.FlagSet, election *shared.LeaderElectionConfig) {
	flags.BoolVar(&election.Enabled, "leader-elect", election.Enabled, "run in one replica at a time")
	flags.StringVar(&election.Namespace, "leader-election-namespace", election.Namespace, "where the lease is")
	flags.DurationVar(&election.LeaseDuration, "leader-election-lease-duration", election.LeaseDuration, "")
	flags.DurationVar(&election.RenewDeadline, "leader-election-renew-deadline", election.RenewDeadline, "")
	flags.DurationVar(&election.RetryPeriod, "leader-election-retry-period", election.RetryPeriod, "")
}
