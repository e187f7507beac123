package entra

import (
	"slices"
	"strings"

	"latchkey/internal/lab/world"
)

// request is what a scope parameter asks for.
type request struct {
	Resource *world.Resource // nil: only OpenID Connect scopes
	Prefix   string          // as it was written, without the slash at the end
	Names    []string        // permissions of the resource
	Default  bool            // /.default: everything already granted

	OpenID, Profile, Email, Offline bool
}

// resource is the resource a token is issued for: scopes without one mean
// Microsoft Graph (learn.microsoft.com scopes-oidc).
func (q request) resource() (*world.Resource, string) {
	if q.Resource == nil {
		return world.Graph, world.Graph.Prefixes[0]
	}
	return q.Resource, q.Prefix
}

// parser reads a scope parameter on behalf of an application in a tenant.
type parser struct {
	app    *world.App
	tenant *world.Tenant
	// lenient is the authorization endpoint, where several resources may be
	// consented to at once; the token endpoint takes exactly one.
	lenient bool
}

// parse splits scope into one request per resource; the first one carries the
// OpenID Connect scopes. There is always at least one.
func (p parser) parse(scope string) ([]request, *fault) {
	all := []request{{}}
	for word := range strings.FieldsSeq(scope) {
		if all[0].openID(word) {
			continue
		}
		resource, prefix, name := split(word)
		if resource == nil {
			return nil, unknownResource(prefix, p.tenant.Name)
		}
		if resource == world.ExchangeOnline && p.tenant.WithoutExchange {
			return nil, p.noExchange(prefix)
		}
		if name != ".default" && !resource.Offers(name) {
			return nil, p.unknown(word, resource)
		}
		all = add(all, resource, prefix, name)
	}
	if len(all) > 1 && !p.lenient {
		return nil, severalResources(scope)
	}
	for _, q := range all {
		if q.Default && len(q.Names) > 0 {
			return nil, invalidScope(scope)
		}
	}
	return all, nil
}

// noExchange: the first-party service principal is missing in the tenant.
func (p parser) noExchange(prefix string) *fault {
	if p.lenient {
		return serviceMissing(prefix, p.tenant.Name)
	}
	return unknownResource(prefix, p.tenant.Name)
}

func (p parser) unknown(word string, r *world.Resource) *fault {
	if p.lenient {
		return unknownPermission(p.app, word, r)
	}
	return invalidScope(word)
}

func (q *request) openID(word string) bool {
	switch strings.ToLower(word) {
	case "openid":
		q.OpenID = true
	case "profile":
		q.Profile = true
	case "email":
		q.Email = true
	case "offline_access":
		q.Offline = true
	default:
		return false
	}
	return true
}

// split takes a scope apart. A resource that is not known comes back as nil,
// with its name in prefix.
func split(word string) (r *world.Resource, prefix, name string) {
	if !strings.Contains(word, "://") {
		return world.Graph, world.Graph.Prefixes[0], word
	}
	i := strings.LastIndex(word, "/")
	// A resource whose identifier ends in a slash is written with two.
	prefix, name = strings.TrimSuffix(word[:i], "/"), word[i+1:]
	for _, r := range world.Resources {
		if slices.Contains(r.Prefixes, prefix) {
			return r, prefix, name
		}
	}
	return nil, prefix, name
}

func add(all []request, r *world.Resource, prefix, name string) []request {
	i := slices.IndexFunc(all, func(q request) bool { return q.Resource == r })
	switch {
	case i < 0 && all[0].Resource == nil:
		i = 0
		all[0].Resource, all[0].Prefix = r, prefix
	case i < 0:
		i = len(all)
		all = append(all, request{Resource: r, Prefix: prefix})
	}
	if name == ".default" {
		all[i].Default = true
		return all
	}
	for _, known := range r.Names {
		if strings.EqualFold(known, name) && !slices.Contains(all[i].Names, known) {
			all[i].Names = append(all[i].Names, known)
		}
	}
	return all
}

// permissions are the names of all permissions that need consent. Consent to a
// mail permission counts for Graph and Exchange alike: it is listed under
// Microsoft Graph in the portal and asked for with Exchange's prefix.
func permissions(all []request, a *world.App) []string {
	var names []string
	for _, q := range all {
		if q.Default {
			names = append(names, mailPermissions(a)...)
		}
		names = append(names, q.Names...)
	}
	return names
}

// mailPermissions are those in the registration that need consent; sign-in
// permissions are taken as granted with any of them.
func mailPermissions(a *world.App) []string {
	return slices.DeleteFunc(slices.Clone(a.Permissions), func(p string) bool {
		return slices.Contains([]string{"openid", "profile", "email", "offline_access"}, p)
	})
}
