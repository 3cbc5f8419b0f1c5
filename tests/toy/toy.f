// The toy device; types come from the real one.
+incdir+../../rtl
../../rtl/gen/doorbell_pkg.sv
../../rtl/seams_pkg.sv
doorbell_device.sv
