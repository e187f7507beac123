package wizard

import (
	"context"
	"errors"

	"latchkey/internal/adminscript"
	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
)

// scriptKeyName is where the private half of a script's one-time key is sealed.
const scriptKeyName = "script_key"

// NewScriptKey makes the one-time key with which the next script of the
// registration sends a new client secret back. An older script's secret can
// then no longer be read.
func (w *Wizard) NewScriptKey(ctx context.Context, who Who, id setup.ID) error {
	if !may(who, id, setup.StepRegistration) {
		return ErrForbidden
	}
	key, err := adminscript.NewKey() // some seconds: not within the transaction
	if err != nil {
		return err
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		_, revision, err := tx.Secret(id, scriptKeyName)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := tx.PutSecret(id, scriptKeyName, revision+1, key.Private); err != nil {
			return err
		}
		s.Registration.ScriptKey, s.UpdatedAt = string(key.Public), w.Now().UTC()
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.AnswersSaved, "step", string(setup.StepRegistration), "script", adminscript.Registration.ID)
	})
}

// Script returns the script of a task, "" while answers that it needs are
// missing. server names the machine of the network task.
func (w *Wizard) Script(v View, task adminscript.Task, server setup.Server) string {
	text, err := adminscript.Script(task, w.scriptValues(v, server))
	var missing *adminscript.MissingError
	if err != nil && !errors.As(err, &missing) {
		w.Log.Warn("no script", "setup", v.Setup.ID, "task", task.ID, "error", err)
	}
	return text
}

// Clicks returns the click path that does the same as a script.
func (w *Wizard) Clicks(v View, task adminscript.Task) []adminscript.Step {
	return adminscript.Clicks(task, w.scriptValues(v, setup.Server{}))
}

var scriptClouds = map[string]adminscript.Cloud{
	provider.EntraUSGov.ID: adminscript.USGov, provider.EntraUSGovDoD.ID: adminscript.USGovDoD, provider.EntraChina.ID: adminscript.China,
}

func (w *Wizard) scriptValues(v View, server setup.Server) adminscript.Values {
	values := adminscript.From(v.Setup)
	values.Cloud = scriptClouds[v.Provider.ID] // the zero value is the worldwide one
	values.NewSecret = adminscript.PublicKey(v.Setup.Registration.ScriptKey)
	values.RedirectURIs, values.Graph = v.RedirectURIs(), provider.GraphID
	for _, p := range provider.Permissions(v.Setup.Application.Protocols) {
		values.Permissions = append(values.Permissions, adminscript.Permission{Name: p.Name, ID: p.Graph})
	}
	values.Server, values.Provider = server, v.Provider.ID
	for _, c := range v.Provider.Connections(v.Setup.Application.Protocols) {
		values.Connections = append(values.Connections, adminscript.Connection{
			Protocol: c.Protocol, Host: c.Target.Host, Port: c.Target.Port, STARTTLS: c.Target.Security == probe.STARTTLS,
		})
	}
	return values
}

// RedirectURIs are those that must be registered.
func (v View) RedirectURIs() []string {
	return check.WantedURIs(&check.Env{Setup: v.Setup, Product: v.Product, Config: check.Config{CallbackURL: v.CallbackURL}})
}
