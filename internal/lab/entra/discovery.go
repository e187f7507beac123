package entra

import (
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// shared reports whether the segment is an authority for several tenants.
func shared(segment string) bool {
	return slices.Contains([]string{"common", "organizations", "consumers"}, strings.ToLower(segment))
}

// metadata is the discovery document (OpenID Connect Discovery §3) with
// Microsoft's additions, which tell the cloud a tenant lives in.
type metadata struct {
	TokenEndpoint     string   `json:"token_endpoint"`
	AuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseModes     []string `json:"response_modes_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	Algorithms        []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes     []string `json:"response_types_supported"`
	Scopes            []string `json:"scopes_supported"`
	Issuer            string   `json:"issuer"`
	RequestURI        bool     `json:"request_uri_parameter_supported"`
	Authorization     string   `json:"authorization_endpoint"`
	HTTPLogout        bool     `json:"http_logout_supported"`
	EndSession        string   `json:"end_session_endpoint"`
	Claims            []string `json:"claims_supported"`
	RegionScope       *string  `json:"tenant_region_scope"`
	RegionSubScope    string   `json:"tenant_region_sub_scope,omitempty"`
	CloudInstanceName string   `json:"cloud_instance_name"`
	GraphHost         string   `json:"msgraph_host"`
}

func (e *Server) discovery(s *world.State, r *http.Request) outcome {
	if out, ok := e.replayJSON(s, r, corpus.Discovery); ok {
		return out
	}
	segment := r.PathValue("tenant")
	base, issuer := e.origin+"/"+segment, "{tenantid}"
	m := metadata{CloudInstanceName: "microsoftonline.com", GraphHost: "graph.microsoft.com"}
	if !shared(segment) {
		t := s.Tenant(segment)
		if t == nil {
			return e.jsonFault(s, tenantNotFound(segment))
		}
		// The document of a domain names the tenant by its GUID.
		base, issuer = e.origin+"/"+t.ID, t.ID
		m.RegionScope, m.RegionSubScope = &t.Region, t.SubRegion
	}
	m.Issuer = e.origin + "/" + issuer + "/v2.0"
	m.Authorization = base + "/oauth2/v2.0/authorize"
	m.TokenEndpoint = base + "/oauth2/v2.0/token"
	m.EndSession = base + "/oauth2/v2.0/logout"
	m.JWKSURI = base + "/discovery/v2.0/keys"
	m.AuthMethods = []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
	m.ResponseModes = []string{"query"}
	m.SubjectTypes = []string{"pairwise"}
	m.Algorithms = []string{"RS256"}
	m.ResponseTypes = []string{"code"}
	m.Scopes = []string{"openid", "profile", "email", "offline_access"}
	m.HTTPLogout = true
	m.Claims = []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "ver", "email"}
	return jsonOutcome(http.StatusOK, m, newIncident(s))
}

// key is an entry of the key document (RFC 7517) with Microsoft's issuer.
type key struct {
	Type   string `json:"kty"`
	Use    string `json:"use"`
	ID     string `json:"kid"`
	N      string `json:"n"`
	E      string `json:"e"`
	Issuer string `json:"issuer"`
}

func (e *Server) keys(s *world.State, r *http.Request) outcome {
	segment, issuer := r.PathValue("tenant"), "{tenantid}"
	if !shared(segment) {
		t := s.Tenant(segment)
		if t == nil {
			return e.jsonFault(s, tenantNotFound(segment))
		}
		issuer = t.ID
	}
	k := s.PublicKey()
	return jsonOutcome(http.StatusOK, map[string][]key{"keys": {{
		Type: "RSA", Use: "sig", ID: k.ID, N: k.N, E: k.E, Issuer: e.origin + "/" + issuer + "/v2.0",
	}}}, newIncident(s))
}
