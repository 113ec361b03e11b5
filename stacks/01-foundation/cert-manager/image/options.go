package main

import (
	"errors"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"

	config "github.com/cert-manager/cert-manager/internal/apis/config/controller"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/controller/validation"
	"github.com/cert-manager/cert-manager/internal/kube"
	configv1alpha1 "github.com/cert-manager/cert-manager/pkg/apis/config/controller/v1alpha1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/configfile"
	dnsutil "github.com/cert-manager/cert-manager/pkg/issuer/acme/dns/util"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
)

func controllerConfiguration(args []string) (*config.ControllerConfiguration, error) {
	known, _, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	versioned, cfg := &configv1alpha1.ControllerConfiguration{}, &config.ControllerConfiguration{}
	known.Default(versioned)
	if err := known.Convert(versioned, cfg, nil); err != nil {
		return nil, err
	}
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	addControllerFlags(flags, cfg)
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
	problems := validation.ValidateControllerConfiguration(cfg, nil)
	if err := apply(problems, cfg.FeatureGates, &cfg.Logging); err != nil {
		return nil, err
	}
	if cfg.MetricsTLSConfig.FilesystemConfigProvided() || cfg.MetricsTLSConfig.DynamicConfigProvided() {
		return nil, errors.New("metricsTLSConfig: metrics are served without TLS only")
	}
	return cfg, nil
}

// addControllerFlags adds the flags that upstream's chart sets, and those that it is often given as extraArgs.
func addControllerFlags(flags *pflag.FlagSet, cfg *config.ControllerConfiguration) {
	flags.StringVar(&cfg.KubeConfig, "kubeconfig", cfg.KubeConfig, "where it does not run in the cluster")
	flags.StringVar(&cfg.Namespace, "namespace", cfg.Namespace, "the one namespace that is looked at")
	flags.StringVar(&cfg.ClusterResourceNamespace, "cluster-resource-namespace", cfg.ClusterResourceNamespace,
		"where the Secrets of ClusterIssuers are")
	flags.StringSliceVar(&cfg.Controllers, "controllers", cfg.Controllers, "which run: *, NAME, -NAME")
	flags.IntVar(&cfg.NumberOfConcurrentWorkers, "concurrent-workers", cfg.NumberOfConcurrentWorkers, "of each controller")
	flags.IntVar(&cfg.MaxConcurrentChallenges, "max-concurrent-challenges", cfg.MaxConcurrentChallenges, "")
	flags.BoolVar(&cfg.EnableCertificateOwnerRef, "enable-certificate-owner-ref", cfg.EnableCertificateOwnerRef,
		"remove a Certificate's Secret with it")
	flags.BoolVar(&cfg.GatewayAPIConfig.Enabled, "enable-gateway-api", cfg.GatewayAPIConfig.Enabled, "")
	flags.StringVar(&cfg.MetricsListenAddress, "metrics-listen-address", cfg.MetricsListenAddress, "")
	flags.StringVar(&cfg.HealthzListenAddress, "internal-healthz-listen-address", cfg.HealthzListenAddress, "")

	shim := &cfg.IngressShimConfig
	flags.StringVar(&shim.DefaultIssuerName, "default-issuer-name", shim.DefaultIssuerName, "of Ingresses that name none")
	flags.StringVar(&shim.DefaultIssuerKind, "default-issuer-kind", shim.DefaultIssuerKind, "")
	flags.StringVar(&shim.DefaultIssuerGroup, "default-issuer-group", shim.DefaultIssuerGroup, "")

	http01, dns01 := &cfg.ACMEHTTP01Config, &cfg.ACMEDNS01Config
	flags.StringVar(&http01.SolverImage, "acme-http01-solver-image", http01.SolverImage, "the image of acmesolver")
	flags.StringToStringVar(&http01.SolverExtraLabels, "acme-http01-solver-extra-labels", http01.SolverExtraLabels, "")
	flags.StringVar(&http01.SolverRuntimeClassName, "acme-http01-solver-runtime-class-name", http01.SolverRuntimeClassName, "")
	flags.StringSliceVar(&http01.SolverNameservers, "acme-http01-solver-nameservers", http01.SolverNameservers, "")
	flags.StringSliceVar(&dns01.RecursiveNameservers, "dns01-recursive-nameservers", dns01.RecursiveNameservers, "")
	flags.BoolVar(&dns01.RecursiveNameserversOnly, "dns01-recursive-nameservers-only", dns01.RecursiveNameserversOnly, "")

	addElection(flags, &cfg.LeaderElectionConfig.LeaderElectionConfig)
	addGates(flags, &cfg.FeatureGates)
	logf.AddFlags(&cfg.Logging, flags)
}

// contextOptions is the configuration as the control loops take it.
func contextOptions(cfg *config.ControllerConfiguration) (controller.ContextOptions, error) {
	http01, dns01, shim := cfg.ACMEHTTP01Config, cfg.ACMEDNS01Config, cfg.IngressShimConfig
	var problems []error
	quantity := func(written string) resource.Quantity {
		read, err := resource.ParseQuantity(written)
		problems = append(problems, err)
		return read
	}
	nameservers := dns01.RecursiveNameservers
	if len(nameservers) == 0 {
		nameservers = dnsutil.RecursiveNameservers
	}
	options := controller.ContextOptions{
		Kubeconfig:         cfg.KubeConfig,
		KubernetesAPIQPS:   cfg.KubernetesAPIQPS,
		KubernetesAPIBurst: cfg.KubernetesAPIBurst,
		Namespace:          cfg.Namespace,
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace:        cfg.ClusterResourceNamespace,
			ClusterIssuerAmbientCredentials: cfg.ClusterIssuerAmbientCredentials,
			IssuerAmbientCredentials:        cfg.IssuerAmbientCredentials,
		},
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 http01.SolverImage,
			HTTP01SolverResourceRequestCPU:    quantity(http01.SolverResourceRequestCPU),
			HTTP01SolverResourceRequestMemory: quantity(http01.SolverResourceRequestMemory),
			HTTP01SolverResourceLimitsCPU:     quantity(http01.SolverResourceLimitsCPU),
			HTTP01SolverResourceLimitsMemory:  quantity(http01.SolverResourceLimitsMemory),
			ACMEHTTP01SolverRunAsNonRoot:      http01.SolverRunAsNonRoot,
			HTTP01SolverRuntimeClassName:      http01.SolverRuntimeClassName,
			HTTP01SolverNameservers:           http01.SolverNameservers,
			HTTP01SolverExtraLabels:           http01.SolverExtraLabels,
			DNS01CheckAuthoritative:           !dns01.RecursiveNameserversOnly,
			DNS01Nameservers:                  nameservers,
			DNS01CheckRetryPeriod:             dns01.CheckRetryPeriod,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerName:                 shim.DefaultIssuerName,
			DefaultIssuerKind:                 shim.DefaultIssuerKind,
			DefaultIssuerGroup:                shim.DefaultIssuerGroup,
			DefaultAutoCertificateAnnotations: shim.DefaultAutoCertificateAnnotations,
			ExtraCertificateAnnotations:       shim.ExtraCertificateAnnotations,
			GatewayAPIExtraProtocols:          sets.New(cfg.GatewayAPIConfig.ExtraProtocols...),
		},
		CertificateOptions: controller.CertificateOptions{
			EnableOwnerRef:                           cfg.EnableCertificateOwnerRef,
			CopiedAnnotationPrefixes:                 cfg.CopiedAnnotationPrefixes,
			CertificateRequestMinimumBackoffDuration: cfg.CertificateRequestMinimumBackoffDuration,
			CertificateRequestMaximumBackoffDuration: cfg.CertificateRequestMaximumBackoffDuration,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: cfg.MaxConcurrentChallenges},
		ConfigOptions: controller.ConfigOptions{
			EnableGatewayAPI:            cfg.GatewayAPIConfig.Enabled,
			EnableGatewayAPIListenerSet: cfg.GatewayAPIConfig.EnableListenerSet,
		},
	}
	return options, errors.Join(problems...)
}

func electionClient(cfg *config.ControllerConfiguration) (kubernetes.Interface, error) {
	rest, err := kube.BuildClientConfig("", cfg.KubeConfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(util.RestConfigWithUserAgent(rest, "leader-election"))
}
