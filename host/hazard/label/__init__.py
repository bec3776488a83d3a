"""Labels of containers by HJ 1276-2022: code, content, layout, PDF, label printers."""
