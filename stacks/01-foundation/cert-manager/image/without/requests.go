// Package venafi names a controller that is not compiled in: upstream's defaults ask for its name.
package venafi

// CRControllerName is the one that would issue for CertificateRequests.
const CRControllerName = "certificaterequests-issuer-venafi"
