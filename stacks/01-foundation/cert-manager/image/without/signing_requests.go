// Package venafi names a controller that is not compiled in: upstream's defaults ask for its name.
package venafi

// CSRControllerName is the one that would sign CertificateSigningRequests.
const CSRControllerName = "certificatesigningrequests-issuer-venafi"
