package provider

import "latchkey/internal/setup"

// MailAddresses lists "host:port" of the mail servers: the only ones that may
// be given a token.
func (p Provider) MailAddresses() []string {
	var list []string
	for _, protocol := range setup.Protocols {
		if e, ok := p.Hosts[protocol]; ok {
			list = append(list, e.Target(protocol).Address())
		}
	}
	return list
}

// WebAddresses lists "host:port" of the sign-in service.
func (p Provider) WebAddresses() []string {
	list := []string{WebTarget(p.Authority).Address()}
	for _, address := range p.SignInURLs {
		list = append(list, WebTarget(address).Address())
	}
	return list
}
