package provider_test

import (
	"testing"

	"latchkey/internal/provider"
)

// The organisation of the issuer decides, however its name is written.
func TestIssuerKnown(t *testing.T) {
	own := provider.Entra
	own.Issuers = []string{"Contoso Trust"}
	unsaid := provider.Entra.At("https://login.contoso.example", nil)
	for _, tt := range []struct {
		provider provider.Provider
		issuer   string
		want     bool
	}{
		{provider.Entra, "CN=DigiCert Cloud Services CA-1,O=DigiCert Inc,C=US", true},
		{provider.Entra, "CN=DigiCert SHA2 Secure Server CA, O=DigiCert Inc, C=US", true},
		{provider.Entra, "CN=DigiCert SHA2 Secure Server CA, O=DigiCertInc, C=US", true}, // a line break in between
		{provider.Entra, `CN=Microsoft Azure RSA TLS Issuing CA 03,O=Microsoft Corporation,C=US`, true},
		{provider.EntraUSGovDoD, `CN=Entrust Certification Authority - L1K,OU=See www.entrust.net\, terms,O=Entrust\, Inc.,C=US`, true},
		{provider.EntraUSGov, `CN=Entrust Certification Authority - L1K, O="Entrust, Inc.", C=US`, true},
		{provider.EntraChina, "C=US, O=DigiCert Inc, CN=DigiCert Basic RSA CN CA G2", true},
		{provider.Entra, "CN=Zscaler Intermediate Root CA", false},
		{provider.Entra, "CN=Zscaler Intermediate Root CA (zscalertwo.net),OU=Zscaler Inc.,O=Zscaler Inc.,C=US", false},
		{provider.Entra, "CN=Microsoft Corporation,O=Contoso", false},
		{provider.Entra, `CN="Proxy, O=DigiCert Inc", O=Contoso`, false},
		{provider.Entra, `CN=Proxy\,O=DigiCert Inc,O=Contoso`, false},
		{provider.Entra, "OU=DigiCert Inc,CN=proxy", false},
		{provider.Entra, "CN=contoso-PROXY-CA,DC=contoso,DC=example", false},
		{own, "CN=Issuing 2,O=Contoso Trust", true},
		{own, "CN=DigiCert Cloud Services CA-1,O=DigiCert Inc,C=US", false},
		{unsaid, "CN=anybody", true},
	} {
		if got := tt.provider.IssuerKnown(tt.issuer); got != tt.want {
			t.Errorf("%s: %s: %v, want %v", tt.provider.ID, tt.issuer, got, tt.want)
		}
	}
}
