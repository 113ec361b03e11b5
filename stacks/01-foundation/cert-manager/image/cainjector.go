package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	kscheme "k8s.io/client-go/kubernetes/scheme"
	apireg "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	config "github.com/cert-manager/cert-manager/internal/apis/config/cainjector"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/validation"
	"github.com/cert-manager/cert-manager/internal/kube"
	configv1alpha1 "github.com/cert-manager/cert-manager/pkg/apis/config/cainjector/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/cainjector/configfile"
	cmscheme "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
)

const definitionPatience = 5 * time.Minute

// runInjector writes CAs into webhooks, definitions and API services that ask for one by an annotation.
func runInjector(ctx context.Context, args []string) error {
	cfg, err := injectorConfiguration(args)
	if err != nil {
		return err
	}
	manager, err := injectorManager(cfg)
	if err != nil {
		return err
	}
	if cfg.EnableDataSourceConfig.Certificates {
		if err := awaitCertificateDefinition(ctx, manager); err != nil {
			return err
		}
	}
	wanted := cfg.EnableInjectableConfig
	err = cainjector.RegisterAllInjectors(ctx, manager, cainjector.SetupOptions{
		Namespace:                    cfg.Namespace,
		IgnoreNamespaces:             cfg.IgnoreNamespaces,
		EnableCertificatesDataSource: cfg.EnableDataSourceConfig.Certificates,
		EnabledReconcilersFor: map[string]bool{
			cainjector.MutatingWebhookConfigurationName:   wanted.MutatingWebhookConfigurations,
			cainjector.ValidatingWebhookConfigurationName: wanted.ValidatingWebhookConfigurations,
			cainjector.APIServiceName:                     wanted.APIServices,
			cainjector.CustomResourceDefinitionName:       wanted.CustomResourceDefinitions,
		},
	})
	if err != nil {
		return err
	}
	return manager.Start(ctx)
}

func injectorConfiguration(args []string) (*config.CAInjectorConfiguration, error) {
	known, _, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	versioned, cfg := &configv1alpha1.CAInjectorConfiguration{}, &config.CAInjectorConfiguration{}
	known.Default(versioned)
	if err := known.Convert(versioned, cfg, nil); err != nil {
		return nil, err
	}
	flags := pflag.NewFlagSet("cainjector", pflag.ContinueOnError)
	flags.StringVar(&cfg.KubeConfig, "kubeconfig", cfg.KubeConfig, "where it does not run in the cluster")
	flags.StringVar(&cfg.Namespace, "namespace", cfg.Namespace, "the one namespace that is looked at")
	flags.StringVar(&cfg.MetricsListenAddress, "metrics-listen-address", cfg.MetricsListenAddress, "0 for none")
	addElection(flags, &cfg.LeaderElectionConfig)
	addGates(flags, &cfg.FeatureGates)
	logf.AddFlags(&cfg.Logging, flags)
	err = configure(flags, args, func(path string) error {
		file := configfile.New()
		if err := load(path, file); err != nil {
			return err
		}
		file.Config.DeepCopyInto(cfg)
		return nil
	})
	if err != nil {
		return nil, err
	}
	problems := validation.ValidateCAInjectorConfiguration(cfg, nil)
	return cfg, apply(problems, cfg.FeatureGates, &cfg.Logging)
}

func injectorManager(cfg *config.CAInjectorConfiguration) (ctrl.Manager, error) {
	rest, err := kube.BuildClientConfig("", cfg.KubeConfig)
	if err != nil {
		return nil, err
	}
	all := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		kscheme.AddToScheme, cmscheme.AddToScheme, apiext.AddToScheme, apireg.AddToScheme,
	} {
		if err := add(all); err != nil {
			return nil, err
		}
	}
	var namespaces map[string]cache.Config
	if cfg.Namespace != "" {
		namespaces = map[string]cache.Config{cfg.Namespace: {}}
	}
	election := cfg.LeaderElectionConfig
	return ctrl.NewManager(util.RestConfigWithUserAgent(rest, "cainjector"), ctrl.Options{
		Scheme: all,
		Cache:  cache.Options{ReaderFailOnMissingInformer: true, DefaultNamespaces: namespaces},
		// Else every Secret of the cluster would be kept in memory, Helm's releases too.
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		LeaderElection:                election.Enabled,
		LeaderElectionNamespace:       election.Namespace,
		LeaderElectionID:              "cert-manager-cainjector-leader-election",
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &election.LeaseDuration,
		RenewDeadline:                 &election.RenewDeadline,
		RetryPeriod:                   &election.RetryPeriod,
		Metrics:                       metricsserver.Options{BindAddress: cfg.MetricsListenAddress},
	})
}

// awaitCertificateDefinition returns once Certificates may be watched.
func awaitCertificateDefinition(ctx context.Context, manager ctrl.Manager) error {
	direct, err := client.New(manager.GetConfig(), client.Options{Scheme: manager.GetScheme()})
	if err != nil {
		return err
	}
	name := types.NamespacedName{Name: "certificates.cert-manager.io"}
	return wait.PollUntilContextTimeout(ctx, time.Second, definitionPatience, true, func(ctx context.Context) (bool, error) {
		err := direct.Get(ctx, name, &apiext.CustomResourceDefinition{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
}
