package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// label is the data source: shelf_label, the title of a book that is there.
type label struct{ objects folder }

type labelModel struct {
	Name  types.String `tfsdk:"name"`
	Title types.String `tfsdk:"title"`
}

func (*label) Metadata(_ context.Context, _ datasource.MetadataRequest, out *datasource.MetadataResponse) {
	out.TypeName = "shelf_label"
}

func (*label) Schema(_ context.Context, _ datasource.SchemaRequest, out *datasource.SchemaResponse) {
	out.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":  schema.StringAttribute{Required: true},
		"title": schema.StringAttribute{Computed: true},
	}}
}

func (l *label) Configure(_ context.Context, in datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if in.ProviderData != nil {
		l.objects = in.ProviderData.(folder)
	}
}

func (l *label) Read(ctx context.Context, in datasource.ReadRequest, out *datasource.ReadResponse) {
	var wanted labelModel
	out.Diagnostics.Append(in.Config.Get(ctx, &wanted)...)
	found, err := l.objects.read(wanted.Name.ValueString())
	if failed(&out.Diagnostics, err) || out.Diagnostics.HasError() {
		return
	}
	if found == nil {
		out.Diagnostics.AddError("There is no such book", wanted.Name.ValueString())
		return
	}
	wanted.Title = types.StringValue(found.Title)
	out.Diagnostics.Append(out.State.Set(ctx, wanted)...)
}
