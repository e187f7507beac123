// Package product knows mail applications as data: the releases of Cisco ECE
// (eGain) that can use OAuth2, the engineering specials they need, the names of
// their settings and guides, and whose key a profile uses.
//
// It does not judge (package check) and knows nothing of Microsoft (package
// provider). No link to a vendor's guide is in it: the addresses differ per
// site and change, so a site fills them in.
package product
