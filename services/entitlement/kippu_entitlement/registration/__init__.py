"""Registering assets: one by HTTP, or many by a spreadsheet, all or none of them."""
