package wizard

import (
	"latchkey/internal/check"
	"latchkey/internal/setup"
)

// TenantID is the ID that the sign-in service named for a tenant entered as a
// domain; what was entered where it has not answered.
func (v View) TenantID() string {
	st, _ := v.Step(setup.StepRegistration)
	for _, c := range st.Checks {
		if c.Check != check.Tenant || !c.Current || c.Result == nil {
			continue
		}
		for _, f := range c.Result.Facts {
			if f.Name == "tenant_id" && f.Value != "" {
				return f.Value
			}
		}
	}
	return v.Setup.Registration.Tenant
}
