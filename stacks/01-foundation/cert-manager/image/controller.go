package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	defaults "github.com/cert-manager/cert-manager/internal/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/internal/pem"
	"github.com/cert-manager/cert-manager/pkg/controller"
	shimgateways "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/gateways"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/server"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"

	// Each registers the kind of issuer that it is.
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
)

const (
	lease        = "cert-manager-controller"
	metricsGrace = 5 * time.Second
)

// runController issues and renews, until it is told to stop or is no longer the leader.
func runController(ctx context.Context, args []string) error {
	cfg, err := controllerConfiguration(args)
	if err != nil {
		return err
	}
	limits := cfg.PEMSizeLimitsConfig
	pem.SetGlobalSizeLimits(pem.NewSizeLimitsFromConfig(
		limits.MaxCertificateSize, limits.MaxPrivateKeySize, limits.MaxChainLength, limits.MaxBundleSize,
	))
	options, err := contextOptions(cfg)
	if err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	health := healthz.NewServer(cfg.LeaderElectionConfig.HealthzTimeout)
	listener, err := server.Listen(ctx, "tcp", cfg.HealthzListenAddress)
	if err != nil {
		return err
	}
	group.Go(func() error { return health.Start(ctx, listener) })
	group.Go(func() error {
		return whileLeading(ctx, cfg, health, func(ctx context.Context) error {
			return runControllers(ctx, cfg, factory, shared)
		})
	})
	return group.Wait()
}

// runControllers runs the control loops, and tells their metrics: which these are is known once all are made.
func runControllers(
	ctx context.Context, cfg *config.ControllerConfiguration, factory *controller.ContextFactory, shared *controller.Context,
) error {
	log := logf.FromContext(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for name := range enabled(cfg) {
		loop, err := controller.Known()[name](factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		log.V(logf.InfoLevel).Info("starting", "controller", name)
		group.Go(func() error { return loop.Run(cfg.NumberOfConcurrentWorkers, ctx) })
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	if utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport) && cfg.GatewayAPIConfig.Enabled {
		shared.GWShared.Start(ctx.Done())
	}
	listener, err := server.Listen(ctx, "tcp", cfg.MetricsListenAddress)
	if err != nil {
		return err
	}
	metrics := shared.Metrics.NewServer(listener)
	group.Go(func() error {
		if err := metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), metricsGrace)
		defer cancel()
		return metrics.Shutdown(end)
	})
	return group.Wait()
}

// whileLeading runs something in one replica at a time; who loses the lease ends, and is started anew.
func whileLeading(
	ctx context.Context, cfg *config.ControllerConfiguration, health *healthz.Server, run func(context.Context) error,
) error {
	election := cfg.LeaderElectionConfig
	if !election.Enabled {
		return run(ctx)
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	client, err := electionClient(cfg)
	if err != nil {
		return err
	}
	leading, done := context.WithCancel(ctx)
	defer done()
	ended := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: election.Namespace, Name: lease},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: host + "-external-" + lease},
		},
		LeaseDuration:   election.LeaseDuration,
		RenewDeadline:   election.RenewDeadline,
		RetryPeriod:     election.RetryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        health.LeaderHealthzAdaptor,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				ended <- run(ctx)
				done()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	health.LeaderHealthzAdaptor.SetLeaderElection(elector)
	elector.Run(leading)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	default:
		return fmt.Errorf("the lease %s/%s was lost", election.Namespace, lease)
	}
}

// enabled names the controllers that are to run, of those that are compiled in: `*` for the usual ones, NAME, -NAME.
func enabled(cfg *config.ControllerConfiguration) sets.Set[string] {
	wanted, unwanted := sets.New[string](), sets.New[string]()
	for _, name := range cfg.Controllers {
		if without, found := strings.CutPrefix(name, "-"); found {
			unwanted.Insert(without)
		} else if name == "*" {
			wanted.Insert(defaults.DefaultEnabledControllers...)
		} else {
			wanted.Insert(name)
		}
	}
	if utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalCertificateSigningRequestControllers) {
		wanted.Insert(defaults.ExperimentalCertificateSigningRequestControllers...)
	}
	if utilfeature.DefaultFeatureGate.Enabled(feature.ExperimentalGatewayAPISupport) && cfg.GatewayAPIConfig.Enabled {
		wanted.Insert(shimgateways.ControllerName)
	}
	if cfg.Namespace != "" {
		unwanted.Insert(defaults.ClusterScopedControllers...)
	}
	return wanted.Difference(unwanted).Intersection(sets.KeySet(controller.Known()))
}
